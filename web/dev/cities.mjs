/** Name, longitude, latitude, and how much happens there: the mock server's world. */
export const cities = `
New York -74 40.7 30|Los Angeles -118.2 34.1 22|Chicago -87.6 41.9 14|Dallas -96.8 32.8 11|Houston -95.4 29.8 10|Toronto -79.4 43.7 9
Miami -80.2 25.8 9|Atlanta -84.4 33.7 9|San Francisco -122.4 37.8 13|Seattle -122.3 47.6 8|Denver -105 39.7 6|Boston -71.1 42.4 9
Washington -77 38.9 10|Phoenix -112.1 33.4 6|Minneapolis -93.3 45 5|Montreal -73.6 45.5 6|Vancouver -123.1 49.3 4|Mexico City -99.1 19.4 12
Calgary -114.1 51 2|Guadalajara -103.3 20.7 3|Monterrey -100.3 25.7 3|Havana -82.4 23.1 1|Bogota -74.1 4.7 6|Caracas -66.9 10.5 2
Lima -77 -12 5|Santiago -70.7 -33.4 6|Buenos Aires -58.4 -34.6 10|Sao Paulo -46.6 -23.5 18|Rio de Janeiro -43.2 -22.9 9|Brasilia -47.9 -15.8 3
Salvador -38.5 -13 2|Recife -34.9 -8 2|Fortaleza -38.5 -3.7 2|Porto Alegre -51.2 -30 2|Quito -78.5 -0.2 2|Medellin -75.6 6.2 2
London -0.1 51.5 26|Paris 2.4 48.9 20|Berlin 13.4 52.5 12|Frankfurt 8.7 50.1 14|Amsterdam 4.9 52.4 14|Madrid -3.7 40.4 10
Barcelona 2.2 41.4 8|Lisbon -9.1 38.7 4|Rome 12.5 41.9 7|Milan 9.2 45.5 9|Munich 11.6 48.1 7|Hamburg 10 53.6 6|Vienna 16.4 48.2 6
Zurich 8.5 47.4 6|Brussels 4.4 50.9 6|Copenhagen 12.6 55.7 5|Stockholm 18.1 59.3 7|Oslo 10.8 59.9 4|Helsinki 24.9 60.2 4|Warsaw 21 52.2 8
Prague 14.4 50.1 5|Budapest 19 47.5 4|Bucharest 26.1 44.4 4|Sofia 23.3 42.7 2|Athens 23.7 38 4|Istanbul 29 41 12|Ankara 32.9 39.9 4
Kyiv 30.5 50.5 5|Moscow 37.6 55.8 12|Saint Petersburg 30.3 59.9 5|Kazan 49.1 55.8 2|Yekaterinburg 60.6 56.8 2|Novosibirsk 82.9 55 2
Dublin -6.3 53.3 5|Manchester -2.2 53.5 6|Edinburgh -3.2 55.9 2|Birmingham -1.9 52.5 4|Lyon 4.8 45.8 4|Marseille 5.4 43.3 3|Toulouse 1.4 43.6 2
Cologne 7 50.9 6|Dusseldorf 6.8 51.2 5|Casablanca -7.6 33.6 3|Algiers 3.1 36.8 2|Tunis 10.2 36.8 2|Cairo 31.2 30 8|Lagos 3.4 6.5 8
Accra -0.2 5.6 2|Dakar -17.4 14.7 1|Abidjan -4 5.3 2|Nairobi 36.8 -1.3 4|Addis Ababa 38.7 9 1|Dar es Salaam 39.3 -6.8 1|Kinshasa 15.3 -4.3 1
Luanda 13.2 -8.8 1|Johannesburg 28 -26.2 7|Cape Town 18.4 -33.9 4|Durban 31 -29.9 2|Antananarivo 47.5 -18.9 0.5|Khartoum 32.5 15.6 0.6
Tel Aviv 34.8 32.1 5|Amman 35.9 31.9 1|Riyadh 46.7 24.7 5|Jeddah 39.2 21.5 3|Dubai 55.3 25.2 7|Doha 51.5 25.3 2|Kuwait 48 29.4 2
Baghdad 44.4 33.3 2|Tehran 51.4 35.7 8|Mashhad 59.6 36.3 2|Tashkent 69.2 41.3 2|Almaty 76.9 43.2 2|Karachi 67 24.9 6|Lahore 74.3 31.5 5
Delhi 77.2 28.6 16|Mumbai 72.9 19.1 18|Bangalore 77.6 13 13|Hyderabad 78.5 17.4 8|Chennai 80.3 13.1 8|Kolkata 88.4 22.6 8|Pune 73.9 18.5 5
Ahmedabad 72.6 23 4|Dhaka 90.4 23.8 7|Colombo 79.9 6.9 2|Kathmandu 85.3 27.7 1|Yangon 96.2 16.8 1|Bangkok 100.5 13.8 9
Hanoi 105.8 21 5|Ho Chi Minh City 106.7 10.8 7|Kuala Lumpur 101.7 3.1 6|Singapore 103.8 1.4 14|Jakarta 106.8 -6.2 14|Surabaya 112.8 -7.3 4
Manila 121 14.6 9|Cebu 123.9 10.3 2|Hong Kong 114.2 22.3 12|Shenzhen 114.1 22.6 9|Guangzhou 113.3 23.1 8|Taipei 121.5 25 9
Shanghai 121.5 31.2 16|Hangzhou 120.2 30.3 6|Beijing 116.4 39.9 14|Tianjin 117.2 39.1 4|Chengdu 104.1 30.7 5|Wuhan 114.3 30.6 4|Xian 108.9 34.3 3
Shenyang 123.4 41.8 2|Seoul 127 37.6 17|Busan 129.1 35.2 5|Tokyo 139.7 35.7 28|Osaka 135.5 34.7 14|Nagoya 136.9 35.2 7|Fukuoka 130.4 33.6 4
Sapporo 141.4 43.1 3|Ulaanbaatar 106.9 47.9 0.5|Vladivostok 131.9 43.1 1|Perth 115.9 -31.9 4|Adelaide 138.6 -34.9 2|Melbourne 145 -37.8 8
Sydney 151.2 -33.9 10|Brisbane 153 -27.5 4|Auckland 174.8 -36.8 3|Wellington 174.8 -41.3 1|Christchurch 172.6 -43.5 1|Honolulu -157.9 21.3 1
Anchorage -149.9 61.2 0.5|Reykjavik -21.9 64.1 0.7|Suva 178.4 -18.1 0.2|Port Moresby 147.2 -9.4 0.3|San Juan -66.1 18.4 1|Panama -79.5 9 1`
  .trim()
  .split(/[|\n]/)
  .map((line) => {
    const [, name, lon, lat, busy] = line.match(/^(.+) (-?[\d.]+) (-?[\d.]+) ([\d.]+)$/);
    return [name, Number(lon), Number(lat), Number(busy)];
  });
